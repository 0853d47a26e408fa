/** What the extension stores for the workspace. */
export interface Stored {
  readonly openTerminals?: readonly { readonly host: string }[];
  readonly endedSessions?: readonly { readonly spec: string }[];
}

/** In the page: what the extension stores, from the workbench's storage. */
export const stored = `(async () => {
  const result = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  for (const { name } of await indexedDB.databases()) {
    if (name.startsWith("vscode-web-state-db-")) {
      const database = await result(indexedDB.open(name));
      const values = await result(database.transaction("ItemTable").objectStore("ItemTable").getAll());
      database.close();
      for (const value of values) {
        if (typeof value === "string" && value.startsWith("{") && value.includes('"openTerminals":')) {
          return JSON.parse(value);
        }
      }
    }
  }
  return {};
})()`;
