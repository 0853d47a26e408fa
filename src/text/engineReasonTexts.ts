import type { EngineReason } from "../engine/engineReasons.ts";
import { openSshText } from "./openSshText.ts";

/** The texts of failures that only one engine has. */
export interface EngineReasonText {
  /** @param said the failure's own message, as a sentence */
  message(name: string, said: string): string;
  /** For a row. Absent: the error's own message is more specific. */
  words?(): string;
}

/** By the reason of the ConnectError. Each engine has its own table. */
export const engineReasonTexts: Readonly<Record<EngineReason, EngineReasonText>> = { ...openSshText };
