import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "node_modules",
      "sdks",
      "**/dist",
      "toolchain/go",
      "test/fixtures",
      "eslint.config.mjs",
      ".dependency-cruiser.mjs",
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    // Leaving a key out is what the rest is for.
    rules: { "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }] },
  },
);
