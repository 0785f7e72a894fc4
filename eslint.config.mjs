import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules", "sdks", "**/dist", "toolchain/go", "eslint.config.mjs"] },
  ...tseslint.configs.recommendedTypeChecked,
  { languageOptions: { parserOptions: { projectService: true } } },
);
