// How WebGL draws the network: nodes as signs by kind, edges as lines that are solid, dashed or dotted by certainty.
// sigma 3 has neither, and no maintained package draws dashes; these are its own circle and line programs, with more.
import { EdgeProgram, NodeProgram, type ProgramInfo } from "sigma/rendering";
import type { EdgeDisplayData, NodeDisplayData, RenderParams } from "sigma/types";
import { floatColor } from "sigma/utils";

const { FLOAT, UNSIGNED_BYTE, TRIANGLES } = WebGLRenderingContext;

/** The colour behind everything, for the rim of a sign; 0 to 1. */
export const paper = { rgb: [1, 1, 1] as [number, number, number] };

export interface SignData extends NodeDisplayData { sign: number }
export interface LineData extends EdgeDisplayData { dash: number; lane: number }

/** What both vertex shaders begin with: where things are, and the colour of one, which is its number when a click is looked up. */
const VERTEX = /* glsl */ `
attribute vec4 a_id;
attribute vec4 a_color;
uniform mat3 u_matrix;
uniform float u_correctionRatio;
varying vec4 v_color;
void place(vec2 at) {
  gl_Position = vec4((u_matrix * vec3(at, 1.0)).xy, 0.0, 1.0);
}
void colour() {
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= 255.0 / 254.0;
}`;

const number = (name: string, size = 1) => ({ name, size, type: FLOAT });
const bytes = (name: string) => ({ name, size: 4, type: UNSIGNED_BYTE, normalized: true });
/** The attributes of `VERTEX`: the last two numbers of each item. */
const COLOURS = [bytes("a_color"), bytes("a_id")];

const UNIFORMS = ["u_matrix", "u_correctionRatio"] as const;

function setPlaces(params: RenderParams, gl: WebGLRenderingContext, at: Record<(typeof UNIFORMS)[number], WebGLUniformLocation>): void {
  gl.uniformMatrix3fv(at.u_matrix, false, params.matrix);
  gl.uniform1f(at.u_correctionRatio, params.correctionRatio);
}

function finish(array: Float32Array, start: number, color: string, index: number): void {
  array[start] = floatColor(color);
  array[start + 1] = index;
}

const SIGN_VERTEX = /* glsl */ `${VERTEX}
attribute vec2 a_position;
attribute float a_size;
attribute float a_sign;
attribute float a_angle;
uniform float u_sizeRatio;
varying vec2 v_at;
varying float v_pixel;
varying float v_sign;
void main() {
  // Never smaller than a dot that can be seen.
  float radius = max(a_size / u_sizeRatio, 1.1);
  float reach = 1.3;
  vec2 corner = 2.0 * reach * vec2(cos(a_angle), sin(a_angle));
  place(a_position + corner * radius * u_correctionRatio * 2.0);
  v_at = corner;
  v_pixel = 1.0 / radius;
  v_sign = a_sign;
  colour();
}`;

const SIGN_FRAGMENT = /* glsl */ `
precision highp float;
varying vec4 v_color;
varying vec2 v_at;
varying float v_pixel;
varying float v_sign;
uniform vec3 u_paper;
float triangle(vec2 p) { return max(-p.y - 0.8, (abs(p.x) * 1.95 + (p.y - 1.15) * 1.1) / 2.239); }
float outside(vec2 p) {
  vec2 q = abs(p);
  if (v_sign < 0.5) return max(q.y, q.x * 0.866 + q.y * 0.5) - 0.95;
  if (v_sign < 1.5) return (q.x + q.y - 1.25) * 0.7071;
  if (v_sign < 2.5) return max(q.x, q.y) - 0.92;
  if (v_sign < 3.5) return length(p) - 1.0;
  if (v_sign < 4.5) return triangle(p);
  if (v_sign < 5.5) return triangle(vec2(p.x, -p.y));
  if (v_sign < 6.5) return min(max(q.x - 0.4, q.y - 1.1), max(q.x - 1.1, q.y - 0.4));
  if (v_sign < 7.5) return max(q.x - 0.72, q.y - 1.1);
  return length(p) - 1.0;
}
void main(void) {
  float d = outside(v_at);
  #ifdef PICKING_MODE
  gl_FragColor = d > 0.1 ? vec4(0.0) : v_color;
  #else
  // A rim of the colour of the paper keeps a sign apart from the lines behind it.
  float rim = 1.2 * v_pixel;
  float alpha = 1.0 - smoothstep(rim - v_pixel, rim, d);
  vec3 ink = v_color.rgb;
  if (v_sign > 7.5) ink = mix(u_paper, ink, smoothstep(-0.38, -0.38 + v_pixel, d));
  vec3 color = mix(ink, u_paper, smoothstep(-0.5 * v_pixel, 0.5 * v_pixel, d));
  gl_FragColor = vec4(color * alpha, alpha);
  #endif
}`;

const SIGN_UNIFORMS = [...UNIFORMS, "u_sizeRatio", "u_paper"] as const;

export class SignProgram extends NodeProgram<(typeof SIGN_UNIFORMS)[number]> {
  override getDefinition() {
    return {
      VERTICES: 3, VERTEX_SHADER_SOURCE: SIGN_VERTEX, FRAGMENT_SHADER_SOURCE: SIGN_FRAGMENT, METHOD: TRIANGLES, UNIFORMS: SIGN_UNIFORMS,
      ATTRIBUTES: [number("a_position", 2), number("a_size"), number("a_sign"), ...COLOURS],
      CONSTANT_ATTRIBUTES: [number("a_angle")],
      CONSTANT_DATA: [[0], [(2 * Math.PI) / 3], [(4 * Math.PI) / 3]],
    };
  }

  override processVisibleItem(index: number, start: number, data: NodeDisplayData): void {
    const array = this.array;
    array[start++] = data.x;
    array[start++] = data.y;
    array[start++] = data.size;
    array[start++] = (data as SignData).sign;
    finish(array, start, data.color, index);
  }

  override setUniforms(params: RenderParams, { gl, uniformLocations: at }: ProgramInfo<(typeof SIGN_UNIFORMS)[number]>): void {
    setPlaces(params, gl, at);
    gl.uniform1f(at.u_sizeRatio, params.sizeRatio);
    gl.uniform3fv(at.u_paper, paper.rgb);
  }
}

const LINE_VERTEX = /* glsl */ `${VERTEX}
attribute vec2 a_normal;
attribute float a_thickness;
attribute float a_dash;
attribute float a_lane;
attribute vec2 a_start;
attribute vec2 a_end;
attribute float a_end_share;
attribute float a_side;
uniform vec2 u_view;
varying float v_along;
varying float v_across;
varying float v_half;
varying float v_dash;
void main() {
  float half_ = a_thickness * 0.5 + 0.7;
  vec2 aside = a_normal * (a_lane * 4.5 + a_side * half_) * u_correctionRatio * 2.0;
  vec2 start = (u_matrix * vec3(a_start, 1.0)).xy;
  vec2 end = (u_matrix * vec3(a_end, 1.0)).xy;
  place(mix(a_start, a_end, a_end_share) + aside);
  // In pixels, so that dashes are as long at every distance.
  v_along = a_end_share * length((end - start) * u_view * 0.5);
  v_across = a_side * half_;
  v_half = a_thickness * 0.5;
  v_dash = a_dash;
  colour();
}`;

const LINE_FRAGMENT = /* glsl */ `
precision highp float;
varying vec4 v_color;
varying float v_along;
varying float v_across;
varying float v_half;
varying float v_dash;
float on(float period, float length_) { return step(mod(v_along, period), length_); }
void main(void) {
  float ink = 1.0;
  if (v_dash > 5.5) ink = on(5.0, 1.8);
  else if (v_dash > 4.5) ink = on(8.0, 3.0);
  else if (v_dash > 3.5) ink = on(10.0, 6.0);
  else if (v_dash > 2.5) ink = max(on(19.0, 9.0), step(13.0, mod(v_along, 19.0)) * step(mod(v_along, 19.0), 15.0));
  else if (v_dash > 1.5) ink = on(14.0, 9.0);
  else if (v_dash > 0.5) ink = on(18.0, 14.0);
  float alpha = ink * (1.0 - smoothstep(v_half - 0.3, v_half + 0.7, abs(v_across)));
  #ifdef PICKING_MODE
  gl_FragColor = v_color;
  #else
  gl_FragColor = vec4(v_color.rgb * alpha, alpha);
  #endif
}`;

const LINE_UNIFORMS = [...UNIFORMS, "u_view"] as const;

export class LineProgram extends EdgeProgram<(typeof LINE_UNIFORMS)[number]> {
  override getDefinition() {
    return {
      VERTICES: 6, VERTEX_SHADER_SOURCE: LINE_VERTEX, FRAGMENT_SHADER_SOURCE: LINE_FRAGMENT, METHOD: TRIANGLES, UNIFORMS: LINE_UNIFORMS,
      ATTRIBUTES: [
        number("a_start", 2), number("a_end", 2), number("a_normal", 2), number("a_thickness"), number("a_dash"), number("a_lane"), ...COLOURS,
      ],
      CONSTANT_ATTRIBUTES: [number("a_end_share"), number("a_side")],
      CONSTANT_DATA: [[0, 1], [0, -1], [1, 1], [1, 1], [0, -1], [1, -1]],
    };
  }

  override processVisibleItem(index: number, start: number, source: NodeDisplayData, target: NodeDisplayData, data: EdgeDisplayData): void {
    const array = this.array, { dash, lane } = data as LineData;
    const dx = target.x - source.x, dy = target.y - source.y, length = Math.hypot(dx, dy) || 1;
    array[start++] = source.x;
    array[start++] = source.y;
    array[start++] = target.x;
    array[start++] = target.y;
    array[start++] = -dy / length;
    array[start++] = dx / length;
    array[start++] = data.size;
    array[start++] = dash;
    array[start++] = lane;
    finish(array, start, data.color, index);
  }

  override setUniforms(params: RenderParams, { gl, uniformLocations: at }: ProgramInfo<(typeof LINE_UNIFORMS)[number]>): void {
    setPlaces(params, gl, at);
    gl.uniform2f(at.u_view, params.width, params.height);
  }
}
