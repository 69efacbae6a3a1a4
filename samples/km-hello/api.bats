#!/usr/bin/env bats
# The interface itself, and what is said where it is not there.

@test "the device speaks the interface that the guests need" {
  run ./km-hello api
  echo "$output"
  [ "$status" -eq 0 ]
}

@test "a device that is not there is named, with the reason" {
  HYPERVISOR_DEVICE=/dev/none run ./km-hello add
  echo "$output"
  [ "$status" -eq 1 ]
  [ "$output" = "/dev/none: open: No such file or directory" ]
}
