---@meta emilua.ip

-- Reference: docs/reference/ip.md

---@class emilua.ip.endpoint
---@field address emilua.ip.address
---@field port integer

---The module `require "emilua.ip"` returns.
---@class emilua.iplib
---@field address emilua.ip.addresslib
---@field tcp emilua.ip.tcplib
---@field udp emilua.ip.udplib
local ip = {}

---The name of this host.
---@return string
function ip.host_name() end

---`1.2.3.4:80`, `[::1]:80`; without a port the same as `tostring(address)`.
---@param address emilua.ip.address
---@param port? integer
---@return string
function ip.tostring(address, port) end

---The inverse of `ip.tostring(address, port)`. Numeric only.
---@param s string
---@return emilua.ip.address
---@return integer port
function ip.toendpoint(s) end

---Tries the endpoints in turn until one accepts the connection.
---@async
---@param sock emilua.ip.tcp.socket
---@param results emilua.ip.endpoint[]
---@param condition? fun(last_error: emilua.error_code?, address: emilua.ip.address, port: integer): boolean?
---@return emilua.ip.address
---@return integer port
function ip.connect(sock, results, condition) end

---@class emilua.ip.addresslib
local addresslib = {}

---An address from its text; `0.0.0.0` without one.
---@param text? string IPv6 with an optional `%scope`, or dotted IPv4
---@return emilua.ip.address
function addresslib.new(text) end

---`0.0.0.0`
---@return emilua.ip.address
function addresslib.any_v4() end

---`::`
---@return emilua.ip.address
function addresslib.any_v6() end

---`127.0.0.1`
---@return emilua.ip.address
function addresslib.loopback_v4() end

---`::1`
---@return emilua.ip.address
function addresslib.loopback_v6() end

---`255.255.255.255`
---@return emilua.ip.address
function addresslib.broadcast_v4() end

---An IPv4 or IPv6 address.
---@class emilua.ip.address
---@field is_v4 boolean
---@field is_v6 boolean
---@field is_loopback boolean
---@field is_multicast boolean
---@field is_unspecified boolean
---@field is_link_local boolean IPv6 only
---@field is_site_local boolean IPv6 only
---@field is_v4_mapped boolean IPv6 only
---@field is_multicast_node_local boolean IPv6 only
---@field is_multicast_link_local boolean IPv6 only
---@field is_multicast_site_local boolean IPv6 only
---@field is_multicast_org_local boolean IPv6 only
---@field is_multicast_global boolean IPv6 only
---@field scope_id integer IPv6 only, writable; 0 = none
local address = {}

---The mapped address `::ffff:a.b.c.d` of an IPv4 one.
---@return emilua.ip.address
function address:to_v6() end

---The IPv4 address inside a mapped one.
---@return emilua.ip.address
function address:to_v4() end

---@alias emilua.ip.family "v4"|"v6"|emilua.ip.address

---An address that a name has.
---@class emilua.ip.address_info : emilua.ip.endpoint
---@field canonical_name? string with the flag `"canonical_name"`

---The names of an address and a port, or their numbers.
---@class emilua.ip.name_info
---@field host_name string
---@field service_name string

---@alias emilua.ip.lookup_flag "address_configured"|"all_matching"|"canonical_name"|"passive"|"v4_mapped"

---@alias emilua.ip.message_flag "do_not_route"|"end_of_record"|"out_of_band"|"peek"

return ip
