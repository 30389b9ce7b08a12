/**
 * Whoever imports Wasm runs in Workers, where such an import is a compiled module.
 * @module
 */
declare module "*.wasm" {
  const module: WebAssembly.Module
  export default module
}
