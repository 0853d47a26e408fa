import { openSshReasons } from "./openssh/openSshReasons.ts";

/**
 * The reasons of ConnectError that only one engine has, and what each means for the next attempt (see
 * `FailureClass`). Each engine has its own table; the texts are in `text/engineReasonTexts.ts`.
 */
export const engineReasons = { ...openSshReasons } as const;

export type EngineReason = keyof typeof engineReasons;
