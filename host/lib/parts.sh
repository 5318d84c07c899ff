# All parts, in an order in which each finds what it needs. Named one by one, so that a machine that reads them follows each.
# shellcheck shell=bash

# shellcheck source=host/lib/grammar.sh
source "$HOME_DIR/lib/grammar.sh"
# shellcheck source=host/lib/config.sh
source "$HOME_DIR/lib/config.sh"
# shellcheck source=host/lib/base.sh
source "$HOME_DIR/lib/base.sh"
# shellcheck source=host/lib/journal.sh
source "$HOME_DIR/lib/journal.sh"
# shellcheck source=host/lib/vm.sh
source "$HOME_DIR/lib/vm.sh"
# shellcheck source=host/lib/proxmox.sh
source "$HOME_DIR/lib/proxmox.sh"
# shellcheck source=host/lib/classify.sh
source "$HOME_DIR/lib/classify.sh"
# shellcheck source=host/lib/status.sh
source "$HOME_DIR/lib/status.sh"
# shellcheck source=host/lib/policy.sh
source "$HOME_DIR/lib/policy.sh"
# shellcheck source=host/lib/document.sh
source "$HOME_DIR/lib/document.sh"
# shellcheck source=host/lib/ops.sh
source "$HOME_DIR/lib/ops.sh"
# shellcheck source=host/lib/runner.sh
source "$HOME_DIR/lib/runner.sh"
# shellcheck source=host/lib/forensics.sh
source "$HOME_DIR/lib/forensics.sh"
# shellcheck source=host/lib/power.sh
source "$HOME_DIR/lib/power.sh"
# shellcheck source=host/lib/verbs.sh
source "$HOME_DIR/lib/verbs.sh"
# shellcheck source=host/lib/self-test.sh
source "$HOME_DIR/lib/self-test.sh"
