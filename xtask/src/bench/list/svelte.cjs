// Compiles a Svelte component: node svelte.cjs <component> <script to write>.
const fs = require("node:fs");
const { compile } = require("svelte/compiler");

const [component, script] = process.argv.slice(2);
const { js } = compile(fs.readFileSync(component, "utf8"), { name: "App", generate: "client" });
const start = `\nimport { mount } from "svelte"; mount(App, { target: document.body });`;
fs.writeFileSync(script, js.code.replace("export default function App", "function App") + start);
