import type { Target } from "../views/targets.ts";

/** What a terminal's menu passed to a command. */
export type CalledTerminal =
  | { readonly kind: "ours"; readonly targets: readonly Target[] }
  /** A terminal of this window that is not ours. */
  | { readonly kind: "other" };
