module conformance

go 1.24

require fuelcell v0.0.0

replace fuelcell => ../../../../guest-sdk/go
