# shellcheck shell=bash
# What draws the boards: Grafana's own components from npm, bundled once. Sourced by .ci/run after .ci/tools.sh.

# install_draw bundles dashboards/draw into the cache, in a folder named for its content, and leaves it in DRAW.
install_draw() {
  local source=dashboards/draw
  if ! command -v npm >/dev/null; then
    apt_get update
    apt_get install -y --no-install-recommends nodejs npm
  fi
  DRAW=${cache:?is set by tools.sh}/draw-$(cat "$source"/{app.jsx,render.js,package.json} | sha256sum | cut -c1-16)
  export DRAW
  if [[ -e $DRAW/dist/app.js ]]; then return; fi
  rm -rf "${cache:?}"/draw-*
  mkdir -p "$DRAW"
  cp "$source"/{app.jsx,render.js,package.json} "$DRAW"
  (
    cd "$DRAW" || exit 1
    npm install --no-audit --no-fund --no-package-lock
    loaders=(--loader:.js=jsx)
    for kind in svg woff woff2 ttf png; do loaders+=("--loader:.$kind=dataurl"); done
    ./node_modules/.bin/esbuild app.jsx --bundle --minify --format=esm --outfile=dist/app.js --log-limit=20 "${loaders[@]}" \
      '--define:process.env.NODE_ENV="production"' --define:global=window
  )
}
