/** Translates the text that users read. It imports no vscode, so that every room can use it. */
import { config, t as translate } from "@vscode/l10n";

/** Maps English text to its translation. */
export type Translations = Readonly<Record<string, string>>;

/** Must be called before any text is made. `undefined`: texts stay English. */
export function useTranslations(translations: Translations | undefined): void {
  config({ contents: { ...translations } });
}

/**
 * The text in the editor's language, with `{0}`, `{1}` … replaced by the arguments. The text must be a literal: a
 * test collects all of them and checks that the translations are complete. Not for module constants, which are made
 * before the language is known.
 */
export function t(text: string, ...values: readonly (string | number)[]): string {
  return translate(text, ...values);
}

/** `{0}` is the count: `plural(2, "{0} session", "{0} sessions")`. */
export function plural(count: number, one: string, many: string, ...values: readonly string[]): string {
  return translate(count === 1 ? one : many, count, ...values);
}
