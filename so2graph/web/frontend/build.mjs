// Builds the front end into ../static/build: a hashed file for each entry, fonts, outlines, manifest.json, LICENSES.txt.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { outlines } from "./outlines.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "../static/build");
const PERMITTED = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|OFL-1\.1|CC0-1\.0)$/;

const digestOf = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** The package that a file of node_modules belongs to. */
const packageOf = (input) => input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];

async function licences(packages) {
  const parts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    if (!PERMITTED.test(license ?? "")) throw new Error(`${name} has the licence ${license}, which nobody has allowed`);
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf8") : `${license}; the package has no text of it.`;
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

async function main() {
  const entries = (await readdir(join(here, "src/entries"))).filter((name) => name.endsWith(".ts")).sort();
  await mkdir(dirname(target), { recursive: true });
  const scratch = await mkdtemp(`${target}.`);
  try {
    const common = {
      absWorkingDir: here, bundle: true, minify: true, metafile: true, write: true, outdir: scratch, outbase: "src",
      entryNames: "[name].[hash]", assetNames: "[name].[hash]", chunkNames: "part.[hash]", target: "es2022", charset: "utf8",
      loader: { ".woff2": "file" }, logLevel: "warning", legalComments: "none",
    };
    const modules = entries.filter((name) => name !== "boot.ts").map((name) => `src/entries/${name}`);
    const results = [
      await build({ ...common, entryPoints: modules, format: "esm", splitting: true }),
      await build({ ...common, entryPoints: ["src/entries/boot.ts"], format: "iife" }),
      await build({ ...common, entryPoints: ["src/css/site.css"] }),
    ];
    const files = {}, packages = new Set(["world-atlas"]);
    for (const { metafile } of results) {
      for (const input of Object.keys(metafile.inputs)) if (packageOf(input)) packages.add(packageOf(input));
      for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
        if (!entryPoint) continue;
        const name = entryPoint.split("/").pop().replace(/\.ts$/, ".js");
        files[name] = relative(scratch, join(here, output));
      }
    }
    for (const [name, value] of Object.entries(await outlines())) {
      const text = JSON.stringify(value);
      files[name] = name.replace(".json", `.${digestOf(text).slice(0, 8)}.json`);
      await writeFile(join(scratch, files[name]), text);
    }
    await writeFile(join(scratch, "LICENSES.txt"), await licences(packages));
    const sorted = Object.fromEntries(Object.entries(files).sort());
    await writeFile(join(scratch, "manifest.json"), `${JSON.stringify({ files: sorted }, null, 1)}\n`);
    await rm(target, { recursive: true, force: true });
    await chmod(scratch, 0o755);
    await rename(scratch, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await main();
