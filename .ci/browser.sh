# shellcheck shell=bash
# The browser that the end-to-end tests look at the landing page with. Sourced by .ci/run after .ci/tools.sh.

# install_browser finds a Chromium, or installs Debian's, and a font, and leaves its path in CHROMIUM.
install_browser() {
  local name
  if [[ -z ${CHROMIUM:-} ]]; then
    for name in chromium chromium-browser google-chrome; do
      if CHROMIUM=$(command -v "$name"); then break; fi
    done
  fi
  if [[ -z $CHROMIUM ]]; then
    apt_get update
    apt_get install -y --no-install-recommends chromium fonts-dejavu-core
    CHROMIUM=$(command -v chromium)
  fi
  export CHROMIUM
  "$CHROMIUM" --version
}
