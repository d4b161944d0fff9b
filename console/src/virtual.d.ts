declare module "virtual:repairs" {
  /** The repair of each code, from docs/errors.md. */
  const repairs: Readonly<Record<string, string>>;
  export default repairs;
}
