import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";

/** The question before EOF goes to a program on a terminal. Plain text. */
export function sendEofQuestion(title: string): {
  readonly message: string;
  readonly detail: string;
  readonly action: string;
} {
  return {
    message: t(`Send EOF to "{0}"?`, printable(title)),
    detail: t(
      "This ends the input of the session: its terminal accepts no more keys. Most shells keep running without input. To leave a shell, press Ctrl+D in the terminal instead.",
    ),
    action: t("Send EOF"),
  };
}
