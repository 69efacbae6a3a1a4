/** Debian's ovmf: UEFI without secure boot, in which an unsigned module such as KKM's can be loaded. */
export const firmware = {
  code: "/usr/share/OVMF/OVMF_CODE_4M.fd",
  /** Copied for each machine: the firmware writes its variables there. */
  variables: "/usr/share/OVMF/OVMF_VARS_4M.fd",
} as const;
