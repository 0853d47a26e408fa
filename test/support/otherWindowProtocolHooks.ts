import type { LoadHook } from "node:module";

const version = "const windowProtocol = 1;";

/** Node calls it for each module that the process imports. */
export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  if (!url.endsWith("/engine/mux/windowProtocol.ts")) {
    return loaded;
  }
  const source = loaded.source instanceof Uint8Array ? Buffer.from(loaded.source).toString() : loaded.source;
  if (typeof source !== "string" || !source.includes(version)) {
    throw new Error("the version of the protocol stands elsewhere");
  }
  return { ...loaded, source: source.replace(version, "const windowProtocol = 2;") };
};
