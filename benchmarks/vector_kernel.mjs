// Bundles the scan kernel, and assembles a loop that only reads memory: node vector_kernel.mjs FOLDER
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = process.argv[2];
const web = fileURLToPath(new URL("../web_assets/", import.meta.url));
const require = createRequire(join(web, "package.json"));
const { build } = await import(pathToFileURL(join(web, "node_modules/vite/dist/node/index.js")).href);
const { watPlugin } = await import(pathToFileURL(join(web, "build/wat.ts")).href);
await build({
  root: web,
  configFile: false,
  logLevel: "error",
  publicDir: false,
  plugins: [watPlugin()],
  build: {
    outDir: folder,
    emptyOutDir: false,
    target: "es2022",
    lib: { entry: join(web, "src/kernel/index.ts"), formats: ["es"], fileName: () => "kernel.js" },
  },
});

// Four loads of 16 bytes a round, added up so that no load can be left out.
const lanes = [0, 1, 2, 3].map((n) => `(local.set $s${n} (i8x16.add (local.get $s${n}) (v128.load offset=${16 * n} (local.get $at))))`);
const reading = `(module (import "env" "memory" (memory 1))
  (func (export "read") (param $at i32) (param $end i32) (result i32)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (loop $more ${lanes.join(" ")}
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end))))
    (i32x4.extract_lane 0 (i32x4.add (i32x4.add (local.get $s0) (local.get $s1)) (i32x4.add (local.get $s2) (local.get $s3))))))`;
const tools = await require("wabt")();
const module = tools.parseWat("read.wat", reading, { simd: true });
await writeFile(join(folder, "read.wasm"), Buffer.from(module.toBinary({}).buffer));
