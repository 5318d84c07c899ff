# All parts, in an order in which each finds what it needs. Named one by one, so that a machine that reads them follows each.
# shellcheck shell=bash

# shellcheck source=host/lib/grammar.sh
source "$HOME_DIR/lib/grammar.sh" || return 1
# shellcheck source=host/lib/config.sh
source "$HOME_DIR/lib/config.sh" || return 1
# shellcheck source=host/lib/base.sh
source "$HOME_DIR/lib/base.sh" || return 1
# shellcheck source=host/lib/journal.sh
source "$HOME_DIR/lib/journal.sh" || return 1
# shellcheck source=host/lib/vm.sh
source "$HOME_DIR/lib/vm.sh" || return 1
# shellcheck source=host/lib/proxmox.sh
source "$HOME_DIR/lib/proxmox.sh" || return 1
# shellcheck source=host/lib/cluster.sh
source "$HOME_DIR/lib/cluster.sh" || return 1
# shellcheck source=host/lib/disks.sh
source "$HOME_DIR/lib/disks.sh" || return 1
# shellcheck source=host/lib/classify.sh
source "$HOME_DIR/lib/classify.sh" || return 1
# shellcheck source=host/lib/status.sh
source "$HOME_DIR/lib/status.sh" || return 1
# shellcheck source=host/lib/policy.sh
source "$HOME_DIR/lib/policy.sh" || return 1
# shellcheck source=host/lib/document.sh
source "$HOME_DIR/lib/document.sh" || return 1
# shellcheck source=host/lib/ops.sh
source "$HOME_DIR/lib/ops.sh" || return 1
# shellcheck source=host/lib/runner.sh
source "$HOME_DIR/lib/runner.sh" || return 1
# shellcheck source=host/lib/records.sh
source "$HOME_DIR/lib/records.sh" || return 1
# shellcheck source=host/lib/machine.sh
source "$HOME_DIR/lib/machine.sh" || return 1
# shellcheck source=host/lib/forensics.sh
source "$HOME_DIR/lib/forensics.sh" || return 1
# shellcheck source=host/lib/effects.sh
source "$HOME_DIR/lib/effects.sh" || return 1
# shellcheck source=host/lib/power.sh
source "$HOME_DIR/lib/power.sh" || return 1
# shellcheck source=host/lib/verbs.sh
source "$HOME_DIR/lib/verbs.sh" || return 1
# shellcheck source=host/lib/self-test.sh
source "$HOME_DIR/lib/self-test.sh" || return 1
