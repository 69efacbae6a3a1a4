#!/usr/bin/env bats
# What a hypervisor must do before anything else is worth testing on it.

@test "the guest adds, gives the sum by port output, and halts" {
  run ./km-hello add
  echo "$output"
  [ "$status" -eq 0 ]
  [ "$output" = "$HYPERVISOR_DEVICE: 2 + 3 = 5" ]
}

@test "the host finds what the guest wrote to its memory" {
  run ./km-hello write
  echo "$output"
  [ "$status" -eq 0 ]
}
