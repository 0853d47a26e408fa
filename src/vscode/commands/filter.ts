import { filterPrompt, filterTitle } from "../../text/filterText.ts";
import { askLine } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** Filters both views by the text while it is typed. Escape restores the previous filter. */
export const filter = plainCommand(async ({ filter: rows }) => {
  const before = rows.text;
  const typed = await askLine({
    title: filterTitle(),
    prompt: filterPrompt(),
    value: before,
    complaint: (value) => {
      rows.set(value);
      return undefined;
    },
  });
  rows.set(typed ?? before);
});
