/** The environment without what belongs to this person, to a VS Code around us, or to `npm run`. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) =>
        !/^(SSH_|VSCODE_|ELECTRON_|npm_|XDG_(CONFIG|DATA|CACHE|STATE)_HOME$|NODE_OPTIONS$|VITEST)/i.test(key),
    ),
  );
}
