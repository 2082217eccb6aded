# The front door. `make demo` and `make test` do their own set-up; GNU make.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LUA_CMOD ?= $(PREFIX)/lib/lua/5.1
METADIR ?= $(PREFIX)/share/emilua/meta
MANDIR ?= $(PREFIX)/share/man/man1
DOCDIR ?= $(PREFIX)/share/doc/emilua
DESTDIR ?=

CARGO ?= cargo
LUAJIT ?= luajit
# Arguments for busted: `make test SPEC=spec/mutex_spec.lua`.
SPEC ?=

ifneq ($(wildcard $(HOME)/.cargo/bin),)
export PATH := $(HOME)/.cargo/bin:$(PATH)
endif
export CARGO LUAJIT

TARGET := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release
INSTALL := install -m 644

# A running program keeps the file it has mapped: replace it, never write into it.
replace = cmp -s $(RELEASE)/$(1) $(2) || { cp $(RELEASE)/$(1) $(2).new && mv -f $(2).new $(2); }

.PHONY: all setup build demo test bench lint install clean

all: build

setup:
	@.ci/setup rust base test

build:
	@.ci/setup rust
	$(CARGO) build --release --locked --workspace
	@$(call replace,libemilua.so,emilua.so)
	@$(call replace,libemilua_libc_service.so,libemilua_libc_service.so)

demo:
	@.ci/setup rust base
	@$(MAKE) --no-print-directory build
	@.ci/demo

test: setup
	@$(MAKE) --no-print-directory build
	@.ci/test $(SPEC)

bench:
	@.ci/setup rust base test bench
	@$(MAKE) --no-print-directory build
	bench/run

lint:
	@.ci/setup rust base test lint
	@.ci/lint

install:
	@test -f emilua.so || $(MAKE) --no-print-directory build
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LUA_CMOD)" "$(DESTDIR)$(METADIR)" "$(DESTDIR)$(MANDIR)" "$(DESTDIR)$(DOCDIR)"
	install -m 755 lua/bin/emilua "$(DESTDIR)$(BINDIR)/emilua"
	install -m 755 emilua.so libemilua_libc_service.so "$(DESTDIR)$(LUA_CMOD)"
	$(INSTALL) lua/meta/*.lua "$(DESTDIR)$(METADIR)"
	$(INSTALL) docs/man/emilua.1 "$(DESTDIR)$(MANDIR)"
	$(INSTALL) README.md CHANGELOG.md LICENSE "$(DESTDIR)$(DOCDIR)"
	find docs examples -type d -exec install -d "$(DESTDIR)$(DOCDIR)/{}" ";"
	find docs examples -type f -exec $(INSTALL) "{}" "$(DESTDIR)$(DOCDIR)/{}" ";"

clean:
	rm -rf emilua.so libemilua_libc_service.so build
	$(CARGO) clean
