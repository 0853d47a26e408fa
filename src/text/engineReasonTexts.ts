import type { EngineReason } from "../engine/engineReasons.ts";
import { openSshText } from "./openSshText.ts";

/** The texts of a failure that only one engine has. */
export interface EngineReasonText {
  /** @param said the failure's own words, as a sentence. */
  message(name: string, said: string): string;
  /** For a row. Absent: the error's own message is more specific. */
  words?(): string;
}

/** By the reason of the ConnectError. Each engine has a table of its own. */
export const engineReasonTexts: Readonly<Record<EngineReason, EngineReasonText>> = { ...openSshText };
