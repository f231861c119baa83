import js from "@eslint/js";
import ts from "typescript-eslint";

export default ts.config(
  js.configs.recommended,
  ...ts.configs.strict,
  {
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Build elements; never parse markup." },
        { property: "outerHTML", message: "Build elements; never parse markup." },
      ],
    },
  },
  {
    files: ["**/src/{base,format,kernel,catalog,encoder,engine}/**"],
    rules: { "no-restricted-globals": ["error", "document", "window", "localStorage", "indexedDB"] },
  },
);
