/** The table of keywords as the Markdown document `docs/ssh-config.md`. No vscode. */
import {
  type Keyword,
  keywordNames,
  keywordTable,
  type Standing,
  tableVersion,
} from "../config/keywordTable.ts";
import { keywordText } from "./keywordTexts.ts";

const sections: readonly (readonly [Standing, string, string])[] = [
  ["honoured", "Honoured", "These do what the manual says, with what stands beside them."],
  [
    "not-honoured",
    "Not honoured",
    "Where a file sets one of these, the hover of the host, *Explain Host…* and the first connection name it.",
  ],
  [
    "irrelevant",
    "Without meaning here",
    "These belong to what this extension does not offer, or to a program without an editor.",
  ],
  ["alias", "Other names", "OpenSSH reads these as the keyword beside them, and so does this extension."],
  ["obsolete", "Obsolete", "OpenSSH reads these and does nothing, and so does this extension."],
];

/** The whole document; a test compares it with the file in the repository. */
export function keywordDocument(): string {
  return [
    "# Keywords of ssh_config",
    "",
    `Every keyword of ssh_config(5) and of OpenSSH's readconf.c up to OpenSSH ${tableVersion}, and those that distributors add.`,
    `"Since" is the release that had the keyword first. Where there is an \`ssh\` on the machine, it evaluates the files (\`ssh -G\`), and knows the keywords of its own version; else this extension reads them as OpenSSH ${tableVersion} does. A keyword that is not listed here is an error, unless IgnoreUnknown names it.`,
    "",
    "This file is made from the table in `src/config/keywordTable.ts`: its test writes it when it is run with `-u`.",
    ...sections.flatMap(([standing, title, words]) => [
      "",
      `## ${title}`,
      "",
      words,
      "",
      "| Keyword | Since | Here |",
      "| --- | --- | --- |",
      ...keywordNames.filter((keyword) => keywordTable[keyword].standing === standing).map(row),
    ]),
    "",
  ].join("\n");
}

function row(keyword: Keyword): string {
  const { name, since } = keywordTable[keyword];
  return `| ${name} | ${since} | ${keywordText(keyword).replaceAll("|", "\\|")}. |`;
}
