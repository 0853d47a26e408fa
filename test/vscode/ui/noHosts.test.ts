import { appendFile } from "node:fs/promises";
import { describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

describe("a window without hosts", () => {
  const lab = useWorkbenchLab({ sshConfig: () => "# nothing\n" });

  it("says so in the Hosts view, until there is one", async () => {
    const hosts = lab.workbench.tree("Hosts");
    const isSaid = async (): Promise<boolean> => (await hosts.welcomeText()).includes("No hosts found");
    await waitUntil(isSaid, () => hosts.welcomeText());
    await appendFile(lab.configFile, lab.host.sshConfigText("web1"));
    await hosts.waitForRow("web1");
  });
});
