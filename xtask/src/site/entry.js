// Starts the program, in the place of the script that Trunk writes into the page, which a strict content security
// policy does not allow.
import init from "./duplex.js";

init();
