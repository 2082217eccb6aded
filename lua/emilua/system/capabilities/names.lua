-- The capabilities of linux/capability.h in the order of their numbers, from 0 on.
local number_of, name_of, count = {}, {}, 0
for name in ([[
    chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
    net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot
    sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease
    audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read
    perfmon bpf checkpoint_restore ]]):gmatch("%S+") do
    name = "cap_" .. name
    number_of[name], name_of[count] = count, name
    count = count + 1
end

return { number_of = number_of, name_of = name_of, count = count }
