# The work is in scripts/ or in cargo; ARCHITECTURE.md says what each part is.
.PHONY: demo test torture histories bench lint

demo: ; @ONCE='$(ONCE)' scripts/demo
test: ; @scripts/test
torture: ; @scripts/torture
histories: ; @scripts/histories
bench: ; @ONLY='$(ONLY)' CORPUS='$(CORPUS)' scripts/bench
lint: ; @scripts/lint
