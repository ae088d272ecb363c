// The outlines of countries for the maps: fine ones near the Netherlands, coarse ones of the whole world.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);

/** West, south, east, north of the part that is drawn finely. */
const NEAR = [2.2, 49.4, 8.4, 54.2];
/** Degrees between two points of an outline, at least: what no pixel shows. */
const FINE = 0.012;
const COARSE = 0.15;

const inside = ([x, y], side) => [x >= NEAR[0], y >= NEAR[1], x <= NEAR[2], y <= NEAR[3]][side];

function crossing([x1, y1], [x2, y2], side) {
  const at = NEAR[side];
  if (side % 2 === 0) return [at, y1 + ((y2 - y1) * (at - x1)) / (x2 - x1)];
  return [x1 + ((x2 - x1) * (at - y1)) / (y2 - y1), at];
}

/** The part of a ring within the window (Sutherland and Hodgman, 1974). */
function clipped(ring) {
  let points = ring.slice(0, -1);
  for (let side = 0; side < 4; side += 1) {
    const kept = [];
    points.forEach((point, index) => {
      const before = points[(index + points.length - 1) % points.length];
      if (inside(point, side) !== inside(before, side)) kept.push(crossing(before, point, side));
      if (inside(point, side)) kept.push(point);
    });
    points = kept;
  }
  return points;
}

function away([x, y], [x1, y1], [x2, y2]) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length === 0) return Math.hypot(x - x1, y - y1);
  return Math.abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length;
}

/** A line with fewer points, none of which lies further off than `tolerance` (Douglas and Peucker, 1973). */
function simpler(line, tolerance) {
  if (line.length < 3) return line;
  const [first, last] = [line[0], line.at(-1)];
  let [furthest, most] = [0, 0];
  line.slice(1, -1).forEach((point, index) => {
    const off = away(point, first, last);
    if (off > most) [furthest, most] = [index + 1, off];
  });
  if (most <= tolerance) return [first, last];
  return [...simpler(line.slice(0, furthest + 1), tolerance).slice(0, -1), ...simpler(line.slice(furthest), tolerance)];
}

const rounded = (points, digits) => points.map((point) => point.map((number) => Number(number.toFixed(digits))));

function rings(geometry) {
  if (geometry === null) return [];
  return geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
}

async function lands(file, tolerance, digits, cut) {
  const topology = JSON.parse(await readFile(require.resolve(`world-atlas/${file}`), "utf8"));
  return feature(topology, topology.objects.countries)
    .features.map(({ id, properties, geometry }) => ({
      id: id ?? "",
      name: properties.name,
      rings: rings(geometry)
        .map((ring) => (cut ? clipped(ring) : ring.slice(0, -1)))
        .filter((ring) => ring.length > 2)
        .map((ring) => rounded(simpler([...ring, ring[0]], tolerance).slice(0, -1), digits))
        .filter((ring) => ring.length > 2),
    }))
    .filter((land) => land.rings.length > 0);
}

/** `outlines.json`: both sets, each with the window that it covers, as rings of [longitude, latitude]. */
export async function outlines() {
  return {
    "outlines.json": {
      source: "Natural Earth 1:10m and 1:110m (public domain), by way of world-atlas",
      near: { window: NEAR, lands: await lands("countries-10m.json", FINE, 3, true) },
      world: { window: [-180, -90, 180, 90], lands: await lands("countries-110m.json", COARSE, 2, false) },
    },
  };
}
