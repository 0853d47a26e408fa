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
  ["honoured", "Honoured", "These work as in the manual; the notes describe what differs."],
  [
    "not-honoured",
    "Not honoured",
    "If a file sets one of these, the hover of the host, *Explain Host…* and a notice at the first connection name it.",
  ],
  [
    "irrelevant",
    "Without meaning here",
    "These concern functions that this extension does not offer, or a program without an editor.",
  ],
  ["alias", "Other names", "OpenSSH reads these as the keyword beside them, as does this extension."],
  ["obsolete", "Obsolete", "OpenSSH accepts these without an effect, as does this extension."],
];

/** The whole document; a test compares it with the file in the repository. */
export function keywordDocument(): string {
  return [
    "# Keywords of ssh_config",
    "",
    `Every keyword of ssh_config(5) and of OpenSSH's readconf.c up to OpenSSH ${tableVersion}, and those that distributors add.`,
    `"Since" is the first release with the keyword. If \`ssh\` is installed, it evaluates the files (\`ssh -G\`) and supports the keywords of its own version; otherwise this extension reads them as OpenSSH ${tableVersion} does. A keyword that is not listed here is an error, unless IgnoreUnknown names it.`,
    "",
    "This file is made from the table in `src/config/keywordTable.ts`: its test writes it when run with `-u`.",
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
