/** What commands say that were called from the menu of a terminal. */

export const noSshTerminal = "This terminal is not an SSH terminal.";

export const noOpenSession = "No session is open in this terminal.";
