/** The environment without variables of this user, of an enclosing VS Code, or of `npm run`. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) =>
        !/^(SSH_|VSCODE_|ELECTRON_|npm_|XDG_(CONFIG|DATA|CACHE|STATE)_HOME$|NODE_OPTIONS$|VITEST)/i.test(key),
    ),
  );
}
