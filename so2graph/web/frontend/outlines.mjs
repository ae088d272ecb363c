// The outlines that maps are drawn on: the Netherlands and its neighbours, from Natural Earth (public domain).
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

/** West, south, east and north of what a map of the Netherlands shows, in degrees. */
const BOX = [2.4, 50.6, 7.9, 53.9];
/** ISO 3166-1 numeric codes. */
const COUNTRIES = { 528: "NL", "056": "BE", 276: "DE" };

const rounded = (ring) => ring.map(([x, y]) => [Math.round(x * 1e4) / 1e4, Math.round(y * 1e4) / 1e4]);
const meets = (ring) => ring.some(([x, y]) => x >= BOX[0] && x <= BOX[2] && y >= BOX[1] && y <= BOX[3]);

/** `outline-nl.json`: the box, and the outer rings of each country that meet it, as [longitude, latitude]. */
export async function outlines() {
  const path = createRequire(import.meta.url).resolve("world-atlas/countries-10m.json");
  const world = JSON.parse(await readFile(path, "utf8"));
  const countries = {};
  for (const one of feature(world, world.objects.countries).features) {
    const code = COUNTRIES[one.id];
    if (!code) continue;
    const polygons = one.geometry.type === "Polygon" ? [one.geometry.coordinates] : one.geometry.coordinates;
    countries[code] = polygons.map(([outer]) => rounded(outer)).filter(meets);
  }
  return { "outline-nl.json": { box: BOX, countries } };
}
