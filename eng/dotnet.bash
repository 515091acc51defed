# Sourced by the scripts of this folder that need the .NET SDK: changes to the root of the repository, checks that the SDK of
# global.json is installed, and stops its build servers from running after the script.
# shellcheck shell=bash

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 UseSharedCompilation=false

fail() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

wanted="$(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' global.json)"
command -v dotnet >/dev/null || fail "'dotnet' is not on PATH; install the .NET SDK $wanted or a later 10.0"
# dotnet itself reads global.json, and refuses to run when no SDK fits.
dotnet --version >/dev/null 2>&1 ||
  fail "no installed .NET SDK fits global.json ($wanted or a later 10.0); installed: $(dotnet --list-sdks | cut -d ' ' -f 1 | paste -s -d ' ')"
