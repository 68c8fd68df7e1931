# The work is in scripts/ or in cargo; ARCHITECTURE.md says what each part is.
.PHONY: demo test bench lint web

demo: ; @ONCE='$(ONCE)' scripts/demo
test: ; @scripts/test
bench: ; cargo bench --locked --workspace
lint: ; @scripts/lint
web: ; cd web && npm ci && npm run build
