# The work is in scripts/ or in cargo; ARCHITECTURE.md says what each part is.
.PHONY: demo test bench lint

demo: ; @ONCE='$(ONCE)' scripts/demo
test: ; @scripts/test
bench: ; @ONLY='$(ONLY)' scripts/bench
lint: ; @scripts/lint
