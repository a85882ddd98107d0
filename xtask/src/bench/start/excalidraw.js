// Excalidraw as its documentation puts it into a page, with the pen in hand.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Excalidraw } from "@excalidraw/excalidraw";
import "@excalidraw/excalidraw/index.css";

const pen = { type: "freedraw", customType: null, locked: true, lastActiveTool: null };
createRoot(document.getElementById("root")).render(
  createElement(Excalidraw, { initialData: { appState: { activeTool: pen } } }),
);
