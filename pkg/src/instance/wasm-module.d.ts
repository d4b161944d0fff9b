/** What a platform's bundler makes of the import of a wasm file. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
declare module "*.wasm?module" {
  const module: WebAssembly.Module;
  export default module;
}
/** What `build.mjs` makes of it: the file, deflated and in base64. */
declare module "*.wasm?deflated" {
  const base64: string;
  export default base64;
}
