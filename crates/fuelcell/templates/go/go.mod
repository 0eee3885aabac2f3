module NAME

go 1.24

require fuelcell v0.0.0

replace fuelcell => ./fuelcell
