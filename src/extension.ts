// Entry point: see compositionRoot.ts.
export {};
