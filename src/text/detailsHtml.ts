/** The frame of the details page. Its content comes by message, and is inserted as text. No vscode. */
export interface DetailsFrame {
  /** Base64; a new one for each page. */
  readonly nonce: string;
  /** VS Code's source for local files (`webview.cspSource`). */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}

/** Only our own script and style sheet are loaded: no inline style, no picture, no connection. */
export function detailsHtml({ nonce, cspSource, script, style }: DetailsFrame): string {
  const policy = `default-src 'none'; style-src ${cspSource}; script-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${attribute(style)}">
<title>Details</title>
</head>
<body>
<main id="page"></main>
<script nonce="${attribute(nonce)}" src="${attribute(script)}"></script>
</body>
</html>`;
}

function attribute(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
