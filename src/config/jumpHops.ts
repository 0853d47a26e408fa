import type { JumpHop } from "./hostConfig.ts";
import { parseHostSpec } from "./hostSpec.ts";
import { expandTokens, type Tokens } from "./tokens.ts";

/**
 * The hops of a `ProxyJump` value in connection order; none for `none`.
 * @throws ConfigError `invalid-host`, ExpansionError
 */
export function parseJumpHops(value: string | undefined, tokens: Tokens): readonly JumpHop[] {
  return isJump(value) ? value.split(",").map((hop) => parseHostSpec(expandTokens(hop, tokens))) : [];
}

/** `%j`: the host of the last hop without user and port, or an empty text. */
export function lastJumpHost(value: string | undefined): string {
  if (!isJump(value)) {
    return "";
  }
  const last = value.split(",").at(-1) ?? "";
  return parseHostSpec(last.replaceAll("%", "")).alias;
}

function isJump(value: string | undefined): value is string {
  return value !== undefined && value.toLowerCase() !== "none";
}
