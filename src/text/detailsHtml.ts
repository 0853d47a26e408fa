/** The frame of the page of details. Its content comes by message, and is put in as text. No vscode. */
import { t } from "../base/localize.ts";

export interface DetailsFrame {
  /** Base64; fresh for each page. */
  readonly nonce: string;
  /** VS Code's source for local files (`webview.cspSource`). */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}

/** Nothing but our own script and style sheet is loaded: no inline style, no picture, no connection. */
export function detailsHtml({ nonce, cspSource, script, style }: DetailsFrame): string {
  const policy = t(
    "default-src 'none'; style-src {0}; script-src 'nonce-{1}'; base-uri 'none'; form-action 'none'",
    cspSource,
    nonce,
  );
  return t(
    `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{0}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{1}">
<title>Details</title>
</head>
<body>
<main id="page"></main>
<script nonce="{2}" src="{3}"></script>
</body>
</html>`,
    attribute(policy),
    attribute(style),
    attribute(nonce),
    attribute(script),
  );
}

function attribute(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
